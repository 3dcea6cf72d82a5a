export function vulkanEnvironment(env?: NodeJS.ProcessEnv): Record<string, string>;
