/** Short names for the shapes of risk in the generated schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Risk = Schemas['RiskOut']
export type Part = Schemas['PartOut']
export type Grade = Schemas['GradeOut']
export type Evaluation = Schemas['EvaluationOut']
export type Finding = Schemas['FindingOut']
export type Rule = Schemas['ConditionOut']
export type Meaning = Schemas['MeaningOut']
export type Question = Schemas['QuestionOut']
export type Group = Schemas['RiskGroupOut']
export type Known = Schemas['KnownOut']
export type Fact = Schemas['RiskFactOut']
export type Table = Schemas['RiskTableOut']
export type Kind = Table['kind']
export type Answer = Schemas['RiskAnswer']
export type Found = Schemas['PatientFound']

/** What is ticked or typed and not recorded yet, by fact. */
export type Values = Record<string, boolean | number | ''>
