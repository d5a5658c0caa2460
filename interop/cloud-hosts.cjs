// Leads TP-Link's host names to the simulated cloud: tplink-cloud-api knows one
// fixed host. Loaded with node --require; CLOUD_URL says where the cloud is.
// Names stay as they are in TLS and HTTP, and nothing else is touched.
const tls = require('node:tls');

const { hostname, port } = new URL(process.env.CLOUD_URL);
const connect = tls.connect;

tls.connect = (options, ...rest) => {
  if (typeof options === 'object' && /(^|\.)tplinkcloud\.com$/.test(options.host ?? '')) {
    options = { ...options, servername: options.servername || options.host, host: hostname, port: Number(port) };
  }
  return connect(options, ...rest);
};
