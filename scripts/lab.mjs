// `npm run lab -- <command>`: the lab in a terminal. Builds src/cli/main.ts into one file when a source is newer, then runs it on Dawn.
// Stdout is the program's alone; whatever this launcher has to say goes to stderr.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, root } from './install.mjs';
import { vulkanEnvironment } from './vulkan.mjs';

const output = join(root, 'dist-cli/lab.mjs');

installPackages();
if (isOld()) await buildLab();

const child = spawn(process.execPath, [output, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ...vulkanEnvironment() },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal)); // the child decides, we wait for it
child.on('close', (status, signal) => process.exit(status ?? (signal === 'SIGINT' ? 130 : 143)));

/** A removed file shows as a newer folder. */
function isOld() {
  if (!existsSync(output)) return true;
  const built = statSync(output).mtimeMs;
  const newer = (path) => statSync(path).mtimeMs > built;
  const inside = (folder) => readdirSync(folder, { recursive: true }).some((path) => newer(join(folder, String(path))));
  return newer(join(root, 'package-lock.json')) || ['src', 'shaders'].some((name) => newer(join(root, name)) || inside(join(root, name)));
}

async function buildLab() {
  const { build } = await import('vite');
  const folder = join(root, `dist-cli/building-${process.pid}`); // renamed when done: two may build at once
  try {
    await build({
      configFile: false,
      root,
      logLevel: 'error',
      publicDir: false,
      ssr: { noExternal: true, external: ['webgpu', 'onnxruntime-web'] },
      build: {
        ssr: 'src/cli/main.ts',
        target: 'node20',
        outDir: folder,
        minify: false,
        rolldownOptions: { output: { entryFileNames: 'lab.mjs', codeSplitting: false } },
      },
    });
    renameSync(join(folder, 'lab.mjs'), output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
