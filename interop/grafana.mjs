// The dashboards of deploy/ as Grafana's own types (npm @grafana/schema) have them:
// the model, and for each panel the options and fields of its kind. Types that are
// published have names of members and choices; whether a panel draws well they
// cannot say.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, foreign } from './harness.mjs';

const work = process.env.INTEROP_WORK;
const ts = foreign('typescript');
const dashboards = '../deploy/grafana/dashboards';

// Text stands for the enumerations of the schema, and what is left out has a default.
const loose = `import type { Dashboard } from '@grafana/schema';
type Loose<T> = T extends string ? (string extends T ? string : \`\${T}\`)
  : T extends number | boolean | null | undefined ? T
  : T extends Array<infer U> ? Array<Loose<U>>
  : T extends object ? { [K in keyof T]?: Loose<T[K]> } : T;
`;

// source is a program that has a type error for each mistake in a dashboard.
function source(dashboard) {
  const { __inputs, __requires, ...model } = structuredClone(dashboard); // for the dialog that imports it
  for (const variable of model.templating.list) delete variable.definition; // Grafana writes it itself, its types leave it out
  let text = '';
  const kinds = new Set();
  model.panels.forEach((panel, i) => {
    const kind = panel.type.replaceAll('-', '');
    kinds.add(kind);
    text += `export const options${i}: Loose<${kind}.Options> = ${JSON.stringify(panel.options)};\n`;
    text += `export const field${i}: Loose<${fieldOf(kind)}> = ${JSON.stringify(panel.fieldConfig.defaults.custom ?? {})};\n`;
  });
  const imports = [...kinds].map((kind) => `import type * as ${kind} from '${panelOf(kind)}';\n`).join('');
  return imports + loose + `export const dashboard: Loose<Dashboard> = ${JSON.stringify(model)};\n` + text;
}

function panelOf(kind) {
  const dir = join(work, 'node_modules/@grafana/schema/dist/types/raw/composable', kind, 'panelcfg/x');
  return join(dir, readdirSync(dir)[0].replace(/\.d\.ts$/, ''));
}

// fieldOf is the type of what a field of a kind of panel has; some have nothing.
function fieldOf(kind) {
  return /export (interface|type) FieldConfig\b/.test(readFileSync(panelOf(kind) + '.d.ts', 'utf8')) ? `${kind}.FieldConfig` : 'Record<string, never>';
}

function mistakes(name, dashboard) {
  const file = join(work, `grafana-${name}.ts`);
  writeFileSync(file, source(dashboard));
  const program = ts.createProgram([file], { noEmit: true, strict: true, skipLibCheck: true, types: [], module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler });
  return ts.getPreEmitDiagnostics(program).map((d) => `${d.code} ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`.slice(0, 300));
}

for (const name of readdirSync(dashboards)) {
  const dashboard = JSON.parse(readFileSync(join(dashboards, name)));
  const found = mistakes(name, dashboard);
  if (found.length) console.error(found.join('\n'));
  check(found.length === 0, `${name}: ${dashboard.panels.length} panels`);
  // The types refuse what is wrong, in each of the places that are looked at.
  const wrong = {
    'a member of the dashboard': (d) => (d.titel = 'x'),
    'the kind of a variable': (d) => (d.templating.list[0].type = 'qurey'),
    'a place in the grid': (d) => (d.panels[0].gridPos.w = '6'),
    'an option of a panel': (d) => (d.panels[0].options = { ...d.panels[0].options, graphMode: 'aera' }),
    'a member of the options': (d) => (d.panels[0].options = { ...d.panels[0].options, colourMode: 'value' }),
  };
  for (const [what, change] of Object.entries(wrong)) {
    const other = structuredClone(dashboard);
    change(other);
    check(mistakes('wrong', other).length === 1, `${name}: a mistake is refused`, what);
  }
}
