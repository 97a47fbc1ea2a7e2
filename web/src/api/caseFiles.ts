/** High-risk case files and special-population lists: short names of the schema. */
import type { components, paths } from './schema'

type Schemas = components['schemas']

export type CaseFile = Schemas['CaseFile']
export type FileList = Schemas['FileList']
export type FileRow = Schemas['FileListRow']
export type FileAction = Schemas['FileActionOut']
export type FileStep = Schemas['FileStep']
export type FilePlan = Schemas['FilePlan']
export type FileTask = Schemas['FileTask']
export type FileReport = Schemas['FileReport']
export type FileEntry = Schemas['FileEntry']
export type FileScope = NonNullable<NonNullable<paths['/api/case-files']['get']['parameters']['query']>['scope']>
export type SpecialMonth = Schemas['SpecialMonth']
export type SpecialList = Schemas['SpecialList']
export type SpecialLine = Schemas['SpecialLine']
