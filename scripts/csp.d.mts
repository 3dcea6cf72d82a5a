export const csp: string;
export const cspHeader: string;
export const cspDevelopmentHeader: string;
