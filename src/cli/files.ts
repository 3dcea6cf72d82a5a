/** Files in and out. Nothing half-written is ever seen under its own name. */
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ConfigError } from '../config.ts'
import { CommandError, EXIT } from './failure.ts'

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file', EACCES: 'permission is denied', EPERM: 'permission is denied', EROFS: 'it is on a read-only file system',
  ENOTDIR: 'part of its path is a file', EISDIR: 'it is a folder', EEXIST: 'a file is in its place', ENOSPC: 'the disk is full', ENAMETOOLONG: 'its name is too long',
}

function reason(error: unknown, others: Record<string, string> = {}): string {
  const { code = '', message = String(error) } = error as { code?: string; message?: string }
  return others[code] ?? REASONS[code] ?? message
}

/** @throws CommandError */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${reason(error)}`)
  }
}

/** Reads with a parser whose sentence gets the file's name in front. @throws CommandError */
export function readWith<T>(path: string, parse: (bytes: Uint8Array) => T): T {
  const bytes = readBytes(path)
  try {
    return parse(bytes)
  } catch (error) {
    if (error instanceof ConfigError || error instanceof RangeError) throw new CommandError(`${path}: ${error.message}`)
    throw error
  }
}

/** @throws CommandError */
export function readJson(path: string): unknown {
  return readWith(path, bytes => {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
    } catch (error) {
      throw new ConfigError(`this is not JSON (${error instanceof Error ? error.message : String(error)})`)
    }
  })
}

/** Folder by folder: Node's own recursive mkdir never returns where a parent can hold no folders (/proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'EEXIST' })
    return
  }
  const parent = dirname(folder)
  if (parent !== folder) makeFolder(parent)
  try {
    mkdirSync(folder)
  } catch (error) {
    if (!existsSync(folder)) throw error // another process may have just made it
  }
}

/** A folder for results, made if need be and tried out, so that a run of hours does not fail at its end. @throws CommandError */
export function prepareFolder(path: string): string {
  const folder = resolve(path)
  try {
    makeFolder(folder)
    rmdirSync(mkdtempSync(join(folder, '.lab-')))
    return folder
  } catch (error) {
    throw new CommandError(`the folder ${path} cannot be written: ${reason(error, { ENOENT: 'no folder can be made there' })}`)
  }
}

/** Whether a file can be written there. @throws CommandError */
export function prepareFile(path: string): string {
  const file = resolve(path)
  prepareFolder(dirname(file))
  const known = statSync(file, { throwIfNoEntry: false })
  if (known?.isDirectory()) throw new CommandError(`${path} cannot be written: it is a folder`)
  try {
    if (known) accessSync(file, constants.W_OK)
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${reason(error)}`)
  }
  return file
}

/** Writes files of one folder together: all under other names first, then each renamed. @throws CommandError, and then none of them is new */
export function writeTogether(folder: string, files: Record<string, Uint8Array | string>): void {
  const temporary = new Map(Object.keys(files).map(name => [name, join(folder, `.${name}.${process.pid}.part`)]))
  try {
    for (const [name, path] of temporary) writeFileSync(path, files[name])
    for (const [name, path] of temporary) renameSync(path, join(folder, name))
  } catch (error) {
    for (const path of temporary.values()) rmSync(path, { force: true })
    throw new CommandError(`the results could not be written to ${folder}: ${reason(error)}`, EXIT.failed)
  }
}

export const writeOne = (file: string, bytes: Uint8Array | string) => writeTogether(dirname(file), { [basename(file)]: bytes })
