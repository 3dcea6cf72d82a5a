const format = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

/** A day and a time, as in “3 May, 14:05”. */
export const when = (at: number) => format.format(at)
