/** The course of a case: milestones and clocks folded from its events, and the events themselves. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Milestone = Schemas['MilestoneOut']
export type RunningClock = Schemas['ClockOut']
export type CaseClock = Schemas['CaseClock']
export type TimelineEvent = Schemas['EventOut']
export type Timeline = Schemas['Timeline']
export type Proof = Schemas['ProofOut']
export type ClockPrompt = Schemas['PromptOut']
export type ClockSet = Schemas['SetOut']
export type ClockCatalogue = Schemas['ClockCatalogue']
export type ReasonWords = Schemas['ReasonWords']
export type MilestoneWords = Schemas['MilestoneWords']
