// Finds a Chromium that can run WebGPU in headless mode. Playwright's small headless shell cannot, so it is not looked for.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];

const FIXED = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].map((root) =>
    join(process.env[root] ?? 'C:\\', 'Google\\Chrome\\Application\\chrome.exe'),
  ),
};

const inPlaywrightFolder = {
  linux: ['chrome-linux64/chrome', 'chrome-linux/chrome', 'chrome-linux-arm64/chrome'],
  darwin: ['chrome-mac/Chromium.app/Contents/MacOS/Chromium', 'chrome-mac-arm64/Chromium.app/Contents/MacOS/Chromium'],
  win32: ['chrome-win64/chrome.exe', 'chrome-win/chrome.exe'],
};

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The browsers `playwright install chromium` left behind, newest first. */
function playwrightDownloads(env) {
  const cache = {
    linux: join(homedir(), '.cache/ms-playwright'),
    darwin: join(homedir(), 'Library/Caches/ms-playwright'),
    win32: join(env.LOCALAPPDATA ?? '', 'ms-playwright'),
  }[process.platform];
  const root = env.PLAYWRIGHT_BROWSERS_PATH || cache;
  if (!root) return [];
  return list(root)
    .filter((name) => /^chromium-\d+$/.test(name))
    .sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)))
    .flatMap((name) => (inPlaywrightFolder[process.platform] ?? []).map((file) => join(root, name, file)));
}

/** Every path worth trying, best first; only those that exist. */
export function chromiumCandidates(env = process.env) {
  const onPath = (env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  onPath.sort((a, b) => rank(a) - rank(b));
  const system = process.platform === 'win32' ? [] : onPath;
  return [...system, ...(FIXED[process.platform] ?? []), ...playwrightDownloads(env)].filter((path) => existsSync(path));
}

const rank = (path) => NAMES.findIndex((name) => path.endsWith(`/${name}`));

/** Ubuntu's chromium-browser can be a stub that only says "install the snap", so ask for the version. */
function answers(path) {
  if (process.platform === 'win32') return true; // chrome.exe --version opens a window there
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

/** @returns {string | undefined} the path of a Chromium: CHROMIUM_PATH, the system's, or Playwright's own download */
export function findChromium(env = process.env) {
  if (env.CHROMIUM_PATH) {
    if (existsSync(env.CHROMIUM_PATH)) return env.CHROMIUM_PATH;
    throw new Error(`CHROMIUM_PATH is ${env.CHROMIUM_PATH}, and there is no such file.`);
  }
  return chromiumCandidates(env).find(answers);
}

/** Folders that may hold the Vulkan loader and the SwiftShader driver that Chromium ships with. */
export function chromiumFolders(env = process.env) {
  const beside = [env.CHROMIUM_PATH ?? '', ...chromiumCandidates(env)].filter(existsSync).map((path) => dirname(realpathSync(path)));
  const usual = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/usr/lib64/chromium-browser', '/opt/google/chrome', '/snap/chromium/current/usr/lib/chromium-browser'];
  return [...new Set([...beside, ...usual])].filter((folder) => existsSync(folder));
}
