export function claimsPage(records: object[]): string
export function storedRecords(): object[]
