const paths = {
  table: 'M1.5 2.5h11v9h-11zM1.500 5.500h11M1.500 8.500h11M5.500 2.500v9',
  save: 'M7 1.500v7.500M4 6.200l3 3 3-3M2 12h10',
  what: 'M4.700 4.700A2.300 2.300 0 1 1 7 7.200v1.500M7 10.800v1.200',
  play: 'M4 2l7 5-7 5z',
  hold: 'M4.500 2v10M9.500 2v10',
} as const

/** Small signs for tools that every chart has; their buttons say in words what they do. */
export function ToolIcon({ name }: { name: keyof typeof paths }) {
  return <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><path d={paths[name]} fill="none" stroke="currentColor" strokeWidth="1.4" /></svg>
}
