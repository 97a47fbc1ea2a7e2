/** Training: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Course = Schemas['CourseOut']
export type Detail = Schemas['CourseDetail']
export type Seated = Schemas['ClassOut']
export type ClassDetail = Schemas['ClassDetail']
export type Quiz = Schemas['QuizOut']
export type Option = Required<Schemas['QuizOption']>
export type Question = Omit<Schemas['QuizQuestion'], 'options'> & { options: Option[] }
export type Statistics = Schemas['TrainingStatistics']

export const TEACHERS = ['expert', 'coordinator', 'commission', 'medical_affairs'] as const
export const OVERSEERS = ['coordinator', 'commission', 'medical_affairs'] as const
