/** Names that are easier to remember and to say than an id. Pure. */

const manner = [
  'amber', 'bold', 'brave', 'bright', 'brisk', 'calm', 'clear', 'clever', 'cool', 'crisp', 'dapper', 'eager', 'early', 'fair', 'fleet', 'fresh', 'gentle', 'glad', 'golden', 'grand',
  'happy', 'hardy', 'honest', 'humble', 'keen', 'kind', 'late', 'light', 'lively', 'lucky', 'mellow', 'merry', 'mild', 'modest', 'neat', 'noble', 'patient', 'plain', 'polite', 'proud',
  'quick', 'quiet', 'rapid', 'ready', 'rosy', 'rustic', 'sharp', 'shy', 'silent', 'silver', 'sleepy', 'smooth', 'snug', 'solid', 'spry', 'steady', 'sunny', 'swift', 'tidy', 'vivid',
  'warm', 'wide', 'wise', 'witty',
]
/** Short, for they stand at the ends of lines. */
const creature = [
  'ant', 'auk', 'bat', 'bear', 'bee', 'bison', 'boar', 'carp', 'cat', 'cod', 'crab', 'crane', 'crow', 'deer', 'dove', 'duck', 'eagle', 'eel', 'elk', 'emu', 'finch', 'fox', 'frog', 'gnu',
  'goat', 'goose', 'gull', 'hare', 'hawk', 'heron', 'ibex', 'ibis', 'jay', 'kite', 'kiwi', 'koala', 'lark', 'lion', 'lynx', 'mole', 'moose', 'moth', 'mouse', 'newt', 'okapi', 'orca',
  'otter', 'owl', 'panda', 'perch', 'pike', 'puma', 'quail', 'raven', 'robin', 'seal', 'shrew', 'snail', 'stork', 'swan', 'tapir', 'toad', 'trout', 'wren',
]

/** The same name for the same id, wherever it is asked for. */
export function nameFor(id: string): string {
  let hash = 0x811c9dc5 // FNV-1a, and a last stir so that neighbouring ids have unlike names
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = (hash ^ (hash >>> 13)) >>> 0
  const first = manner[hash % manner.length]
  return `${first[0].toUpperCase()}${first.slice(1)} ${creature[Math.floor(hash / manner.length) % creature.length]}`
}

/** For the end of a line: the creature of a name that was made here, otherwise the name as it is. */
export function briefName(id: string, name: string): string {
  return name === nameFor(id) ? name.split(' ')[1] : name
}

/** Every id with its name; whoever comes second to one gets a number. */
export function namesOf(ids: readonly string[], chosen: Readonly<Record<string, string>>): Map<string, string> {
  const taken = new Set<string>()
  return new Map(ids.map((id) => {
    const wanted = chosen[id] ?? nameFor(id)
    let name = wanted
    for (let n = 2; taken.has(name); n++) name = `${wanted} ${n}`
    taken.add(name)
    return [id, name]
  }))
}
