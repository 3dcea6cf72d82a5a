/** What all axes share; constants, so that no chart redraws because of a new object. */
export const chartStyle = { width: '100%', height: '100%', flex: 1, minHeight: 0 } as const

const common = { tickLine: false, interval: 0, minTickGap: 0 } as const

export const axis = {
  x: { ...common, height: 24, tickMargin: 4 },
  y: { ...common, width: 38, axisLine: false, tickMargin: 4 },
} as const
