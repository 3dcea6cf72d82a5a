/** Processor time of this process so far, all its threads together, ms; null in a page, whose GPU process is another one. */
export function processorMs(): number | null {
  if (typeof process === 'undefined') return null
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
