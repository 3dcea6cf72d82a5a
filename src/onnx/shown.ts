/** A name from somebody's file inside a sentence: not too long, and without what would break the line. */
export const shown = (name: string) => name.slice(0, 100).replaceAll(/\p{C}/gu, '·')
