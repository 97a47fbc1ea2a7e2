/** Consultations: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Consult = Schemas['ConsultOut']
export type ConsultDetail = Schemas['ConsultDetail']
export type Invitation = Schemas['InvitationOut']
export type Invitee = Schemas['Invitee']
export type Proposal = Schemas['ProposalOut']
export type SignedDecision = Schemas['DecisionOut']
export type HouseChoices = Schemas['HouseChoices']
export type House = Schemas['FacilityRef']
