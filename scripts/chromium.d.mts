export function chromiumCandidates(env?: NodeJS.ProcessEnv): string[];
export function chromiumFolders(env?: NodeJS.ProcessEnv): string[];
export function findChromium(env?: NodeJS.ProcessEnv): string | undefined;
