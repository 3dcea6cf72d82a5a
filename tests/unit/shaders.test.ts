import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const read = (folder: string, pattern: RegExp) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file))
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));

/** Strings of a source that may name a shader, as patterns: `lib/store_${kind}.wgsl` stands for each of its kinds. */
function namesIn(text: string): RegExp[] {
  const literals = [...text.matchAll(/['"`]([a-z][\w/.]*(?:\$\{[^}]*\}[\w/.]*)*)['"`]/g)].map((match) => match[1]!);
  const includes = [...text.matchAll(/^\/\/ #include (\S+)/gm)].map((match) => match[1]!);
  return [...literals, ...includes].map((name) => {
    const pattern = name.replace(/\.wgsl$/, '').replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '\\w+');
    return new RegExp(`^${pattern}$`);
  });
}

// Kernels come before the model that asks for them, so there is nothing to hold until it is there.
test.skipIf(!existsSync('src/model/dit.ts'))('every shader is asked for by name somewhere', () => {
  const shaders = read('shaders', /\.wgsl$/);
  const asked = [...shaders, ...read('src', /\.tsx?$/)].map(({ file, text }) => ({ file, names: namesIn(text) }));
  const unused = shaders.filter(({ file }) => {
    const name = file.replace(/\.wgsl$/, '');
    return !asked.some((other) => other.file !== file && other.names.some((pattern) => pattern.test(name)));
  });
  expect(unused.map(({ file }) => `shaders/${file}`)).toEqual([]);
});

test('no shader raises to a power: WGSL leaves pow of a negative base open, and squares and cubes are multiplications', () => {
  const raising = read('shaders', /\.wgsl$/).filter(({ text }) => /\bpow\(/.test(text.replaceAll(/\/\/.*/g, '')));
  expect(raising.map(({ file }) => file)).toEqual([]);
});
