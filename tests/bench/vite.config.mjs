// The bench, bundled twice: for a page, and with `--ssr` for Node.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig(({ isSsrBuild }) => ({
  root: here('../..'), // src/ finds /shaders from the repository's root
  logLevel: 'warn',
  publicDir: false,
  build: {
    target: 'esnext',
    outDir: here(isSsrBuild ? 'dist/node' : 'dist/page'),
    emptyOutDir: true,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: { input: here(isSsrBuild ? 'node.ts' : 'page.html') },
  },
}));
