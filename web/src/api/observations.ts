/** Readings, early warning and instruments: short names of the schema. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Observation = Schemas['Observation']
export type ObservationSeries = Schemas['Series']
export type ObservationItem = Schemas['ItemOut']
export type ObservationCatalogue = Schemas['CatalogueOut']
export type Recorded = Schemas['Recorded']
export type Warnings = Schemas['Warnings']
export type Warned = Schemas['Warned']
export type WarningRuleset = Schemas['RulesetOut']
export type HerDevices = Schemas['HerDevices']
export type VoidReason = Schemas['NewVoid']['reason']
export type Device = Schemas['Device']
export type DeviceMade = Schemas['DeviceMade']
export type DeviceKind = Device['kind']
