import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'
import { resolve } from 'node:path'

const root = import.meta.dirname
/** `scripts/build.mjs` builds beside the last build and changes the two when it is done. */
const out = process.env['WORKBENCH_BUILD_FOLDER'] ?? resolve(root, 'out')

/**
 * Builds what runs inside Electron (and the page, which the browser mode serves too) into `out/`. The engine is not built:
 * Node 24 runs its sources. Main and preload are CommonJS for an old Node and the page is for an old Chromium, so that the
 * same files run in the current Electron and in the old one that the tests can get.
 */
export default defineConfig({
  main: {
    build: {
      target: 'node16',
      outDir: resolve(out, 'main'),
      externalizeDeps: false,
      sourcemap: true,
      lib: { entry: resolve(root, 'src/main/index.ts'), formats: ['cjs'], fileName: () => 'index.cjs' },
    },
  },
  preload: {
    build: {
      target: 'node16',
      outDir: resolve(out, 'preload'),
      externalizeDeps: false,
      // A sandboxed preload can require nothing but electron: it has to be one CommonJS file.
      lib: { entry: resolve(root, 'src/preload/index.ts'), formats: ['cjs'], fileName: () => 'index.cjs' },
    },
  },
  renderer: {
    root: resolve(root, 'src/renderer'),
    plugins: [svelte({ configFile: false, preprocess: vitePreprocess(), compilerOptions: { runes: true } })],
    build: {
      target: 'chrome108',
      cssTarget: 'chrome108',
      minify: 'esbuild',
      // The content security policy allows no inline fonts or scripts; every asset stays a file.
      assetsInlineLimit: 0,
      // Read from the disk, never over a network: one file is as good as ten.
      chunkSizeWarningLimit: 2000,
      outDir: resolve(out, 'renderer'),
      emptyOutDir: true,
      rollupOptions: { input: resolve(root, 'src/renderer/index.html') },
    },
  },
})
