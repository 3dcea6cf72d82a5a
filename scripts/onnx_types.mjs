// `node scripts/onnx_types.mjs`: makes src/onnx/onnx_pb.ts from src/onnx/onnx.proto (ONNX 1.12, as Debian's python3-onnx ships it).
// Needed only when the .proto changes, so the generator is fetched for the occasion and is no dependency.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './install.mjs';

const folder = mkdtempSync(join(tmpdir(), 'onnx-types-'));
const npm = (...words) => execFileSync('npm', words, { cwd: folder, stdio: 'inherit' });
try {
  npm('install', '--no-save', '--prefix', folder, '@bufbuild/buf@1.75.0', '@bufbuild/protoc-gen-es@2.17.0');
  const plugin = { local: join(folder, 'node_modules/.bin/protoc-gen-es'), out: join(root, 'src/onnx'), opt: 'target=ts,import_extension=none' };
  const template = JSON.stringify({ version: 'v2', plugins: [plugin] });
  npm('exec', '--prefix', folder, '--', 'buf', 'generate', '--template', template, '--path', join(root, 'src/onnx/onnx.proto'), join(root, 'src/onnx'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
