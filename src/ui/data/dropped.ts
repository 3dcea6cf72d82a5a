/** Files out of what was dropped or chosen, folders included, each with its path. */
export interface PathFile {
  path: string
  file: File
}

/** More than this is no data set that a browser should be asked to take. */
const most = 400_000

export const chosenFiles = (files: FileList | null): PathFile[] => Array.from(files ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file }))

export async function droppedFiles(transfer: DataTransfer): Promise<PathFile[]> {
  // All entries at once: the list is empty after the first wait.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined)
  if (entries.length === 0) return chosenFiles(transfer.files)
  const found: PathFile[] = []
  for (const entry of entries) await collect(entry, '', found)
  return found
}

async function collect(entry: FileSystemEntry, folder: string, found: PathFile[]): Promise<void> {
  if (found.length >= most) return
  const path = folder + entry.name
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => { (entry as FileSystemFileEntry).file(resolve, reject) })
    found.push({ path, file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A hundred at a time, until none are left.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject) })
    if (some.length === 0) return
    for (const inner of some) await collect(inner, `${path}/`, found)
  }
}
