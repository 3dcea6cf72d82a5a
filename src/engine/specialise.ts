/**
 * Turns a plain .wgsl file into the text of one pipeline. Three rules and no template language:
 *
 *  1. `// #include lib/name.wgsl` pulls a library file in; a caller may substitute another file of the same interface
 *     (that is how a matmul gets its epilogue).
 *  2. `const NAME = 4u; // specialised` declares a constant a caller may set. Every file is valid WGSL as it stands.
 *  3. ``unroll` comment before for (var i = 0u; i < N; i++) { … }` is written out with i as a literal. Private arrays indexed by a
 *     loop variable stay in memory on every compiler tried; unrolled by text they become registers (3× in attention).
 */
const sources = import.meta.glob<string>('/shaders/**/*.wgsl', { query: '?raw', import: 'default', eager: true })

export interface Specialisation {
  /** Values of constants marked `// specialised`; numbers keep the declared type suffix. */
  constants?: Record<string, number>
  /** Include path → include path put in its place. */
  includes?: Record<string, string>
}

/** The text of shaders/`name`, e.g. `matmul_nn` or `lib/philox.wgsl`. @throws when there is no such file */
export function shaderSource(name: string): string {
  const path = `/shaders/${name.endsWith('.wgsl') ? name : `${name}.wgsl`}`
  const text = sources[path]
  if (text === undefined) throw new Error(`there is no kernel file shaders${path.slice('/shaders'.length)}`)
  return text
}

/** Names of all kernels, libraries left out. */
export function kernelNames(): string[] {
  return Object.keys(sources).filter(path => !path.startsWith('/shaders/lib/')).map(path => path.slice('/shaders/'.length, -'.wgsl'.length))
}

/** @throws when a constant or include is named that the file does not have */
export function specialise(name: string, { constants = {}, includes = {} }: Specialisation = {}): string {
  const unusedIncludes = new Set(Object.keys(includes))
  const included = new Set<string>()
  const expand = (text: string): string => text.replace(/^\/\/ #include (\S+)[^\n]*$/gm, (_, path: string) => {
    unusedIncludes.delete(path)
    const target = includes[path] ?? path
    if (included.has(target)) return ''
    included.add(target)
    return expand(shaderSource(target))
  })
  let text = expand(shaderSource(name))
  if (unusedIncludes.size > 0) throw new Error(`${name}.wgsl does not include ${[...unusedIncludes].join(', ')}`)

  const unusedConstants = new Set(Object.keys(constants))
  const values = new Map<string, string>()
  text = text.replace(/^const (\w+) = ([\d.]+)(\w*);(.*\/\/ specialised.*)$/gm, (_, constant: string, preset: string, suffix: string, rest: string) => {
    unusedConstants.delete(constant)
    const value = `${constants[constant] ?? preset}${suffix}`
    values.set(constant, value)
    return `const ${constant} = ${value};${rest}`
  })
  if (unusedConstants.size > 0) throw new Error(`${name}.wgsl has no specialised constant ${[...unusedConstants].join(', ')}`)
  return unroll(text, values)
}

const UNROLL = /\/\*unroll\*\/ for \(var (\w+) = (\w+); \1 < (\w+); \1\+\+\) \{/

function unroll(text: string, values: Map<string, string>): string {
  for (;;) {
    const match = UNROLL.exec(text)
    if (!match) return text
    const [head, index, from, to] = match
    const bodyStart = match.index + head.length
    const bodyEnd = closingBrace(text, bodyStart)
    const body = text.slice(bodyStart, bodyEnd)
    const number = (word: string) => Number.parseInt(values.get(word) ?? word, 10)
    if (Number.isNaN(number(from)) || Number.isNaN(number(to))) throw new Error(`cannot unroll: bounds ${from}..${to} are not known`)
    let copies = ''
    for (let i = number(from); i < number(to); i++) copies += `{${body.replace(new RegExp(`\\b${index}\\b`, 'g'), `${i}u`)}}`
    text = text.slice(0, match.index) + copies + text.slice(bodyEnd + 1)
  }
}

function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let i = from; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i
  }
  throw new Error('cannot unroll: the loop has no closing brace')
}
