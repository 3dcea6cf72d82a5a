// Dawn in Node (the npm package `webgpu`) needs a Vulkan loader and a driver on Linux. This finds both.
// The result must be in the environment before the process that uses Dawn starts: the dynamic linker reads LD_LIBRARY_PATH once.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromiumFolders } from './chromium.mjs';

const LOADER = 'libvulkan.so.1';
const LIBRARY_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/lib64', '/usr/local/lib'];
const DRIVER_FOLDERS = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];

/**
 * What to add to the environment so that Dawn finds an adapter. First what the user chose (LNL_VK_ICD, VK_DRIVER_FILES,
 * VK_ICD_FILENAMES), then a driver of the system that really gives an adapter, then Chromium's own SwiftShader.
 * @returns {Record<string, string>}
 */
export function vulkanEnvironment(env = process.env) {
  if (process.platform !== 'linux') return {}; // Metal and Direct3D need no help
  const loader = loaderEnvironment(env);
  if (env.LNL_VK_ICD) return { ...loader, ...driver(env.LNL_VK_ICD) };
  if (env.VK_DRIVER_FILES || env.VK_ICD_FILENAMES) return loader;
  if (systemHasDrivers() && givesAdapter({ ...env, ...loader })) return loader;
  const swiftshader = chromiumFolders(env)
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find((file) => existsSync(file));
  return swiftshader ? { ...loader, ...driver(swiftshader) } : loader;
}

const driver = (file) => ({ VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file }); // new name and old name of one variable

/** Chromium carries a loader; use it where the system has none. */
function loaderEnvironment(env) {
  const own = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(Boolean);
  if ([...own, ...LIBRARY_FOLDERS].some((folder) => existsSync(join(folder, LOADER)))) return {};
  const folder = chromiumFolders(env).find((candidate) => existsSync(join(candidate, LOADER)));
  return folder ? { LD_LIBRARY_PATH: [...own, folder].join(delimiter) } : {};
}

function systemHasDrivers() {
  return DRIVER_FOLDERS.some((folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.json')));
}

/** Mesa installs drivers for cards that are not there, and old ones that Dawn refuses: only a try tells. About 0.3 s. */
function givesAdapter(env) {
  const program = `
    import { create } from 'webgpu';
    const adapter = await create([]).requestAdapter();
    process.exit(adapter ? 0 : 1);`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { env, cwd, stdio: 'ignore', timeout: 20_000 }).status === 0;
}
