// Writes dist/index.d.cts: what `require('astraflow-sdk')` returns is the class, and everything else is a member of it.

import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../dist/index.d.ts', import.meta.url);
const target = new URL('../dist/index.d.cts', import.meta.url);

const declarations = readFileSync(source, 'utf8');
const exported = /^export \{(.*)\};\s*$/ms.exec(declarations);
if (exported === null) throw new Error('dist/index.d.ts does not end with one list of exports');

const members = `declare namespace AstraClient {\n  export {${exported[1]}};\n}\n`;
writeFileSync(target, `${declarations.slice(0, exported.index)}${members}export = AstraClient;\n`);
