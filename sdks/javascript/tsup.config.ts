import { defineConfig } from 'tsup';

export default defineConfig([
  {
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    target: 'es2022',
    platform: 'neutral',
    dts: true,
    tsconfig: 'tsconfig.build.json',
    external: ['#platform'],
    // A class whose properties are the other exports: `require('astraflow-sdk')` is the client, like the default import.
    footer: ({ format }) =>
      format === 'cjs' ? { js: 'module.exports = Object.assign(AstraClient, module.exports);' } : {},
  },
  {
    entry: ['src/platform/node.ts', 'src/platform/web.ts'],
    outDir: 'dist/platform',
    format: ['esm', 'cjs'],
    target: 'es2022',
    platform: 'node',
    splitting: false,
  },
]);
