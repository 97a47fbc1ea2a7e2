import userEvent from '@testing-library/user-event'
import { waitFor } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import NewReferralPage from './NewReferralPage.vue'

const condition = { code: 'pph', zh: '产后出血', en: 'Postpartum haemorrhage', icon: 'drop', subject: 'mother', needs_neonatal: false, acuity: 'resuscitation', source: '', confidence: 'I' }
const centre = { id: 'f2', code: 'f2', name: '云江市第一人民医院', short_name: '云江市一院', tier: 'city', region_id: 'r', region_name: '云江市', roles: ['maternal_centre'], contacts: [{ kind: 'duty', label: '急救专线', phone: '19900000011' }] }
const answers = { '/api/conditions': [condition], '/api/facilities': [centre], '/api/patients': [] }

const show = () => renderPage(NewReferralPage, { path: '/referrals/new', answers })
type View = Awaited<ReturnType<typeof show>>

async function fill(view: View): Promise<void> {
  await userEvent.click(view.getByText(/快速新建/))
  await userEvent.type(view.getByLabelText(/^姓名/), '林小满')
  await userEvent.click(await view.findByText('产后出血'))
  await userEvent.click(view.getByText('血源不足'))
  await userEvent.click(view.getByText('紧急情况，先救后签'))
}

function sending(outcomes: Record<string, (() => Promise<unknown>)[]>) {
  const sent: { path: string; body: unknown; key: string }[] = []
  let made = 0
  vi.spyOn(api, 'submission').mockImplementation((path, key) => {
    const own = key ?? `made-${made++}`
    return {
      key: own,
      send(body: unknown) {
        sent.push({ path, body, key: own })
        const outcome = outcomes[path]?.shift()
        return outcome === undefined ? Promise.reject(new Error('unexpected')) : outcome()
      },
    } as never
  })
  return sent
}

const ok = (value: unknown) => () => Promise.resolve(value)
const lost = () => Promise.reject(Problem.from('network'))

describe('a new referral', () => {
  it('has no accessibility violations, empty and filled', async () => {
    const view = await show()
    await view.findByText('产后出血')
    expect(await axeViolations(view.container)).toEqual([])
    await fill(view)
    await userEvent.click(view.getByText('自行选择…'))
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('points at what is missing only after somebody tried', async () => {
    const view = await show()
    expect(view.queryByText('请选择病情')).toBeNull()
    await userEvent.click(view.getByText('发送转诊'))
    expect(view.getByText('请选择病情')).toBeTruthy()
    expect(view.getByText(/还缺：谁、病情、紧急程度、转诊理由、知情同意/)).toBeTruthy()
  })

  it('writes her down, sends, forgets the draft and lands on the case', async () => {
    const sent = sending({ '/api/patients': [ok({ pregnancy_id: 'g1' })], '/api/referrals': [ok({ id: 'c9' })] })
    const view = await show()
    await fill(view)
    await userEvent.click(view.getByText('发送转诊'))
    await waitFor(() => expect(view.router.currentRoute.value.path).toBe('/cases/c9'))
    expect(sent.map((one) => one.path)).toEqual(['/api/patients', '/api/referrals'])
    expect(sent[1]?.body).toMatchObject({ pregnancy_id: 'g1', condition: 'pph', acuity: 'resuscitation', reason: '血源不足', consent: 'emergency_waiver' })
    expect(localStorage.getItem('ys.draft.referral.account-1')).toBeNull()
  })

  it('keeps the input, names the phone, and sends again with the same key and the same woman', async () => {
    const sent = sending({ '/api/patients': [ok({ pregnancy_id: 'g1' })], '/api/referrals': [lost, ok({ id: 'c9' })] })
    const view = await show()
    await fill(view)
    await userEvent.click(view.getByText('发送转诊'))
    const alert = await view.findByText(/连接不上服务器/)
    expect(alert).toBeTruthy()
    expect(view.getByText('您填写的内容已保留在本机。')).toBeTruthy()
    expect(view.getByText('19900000011').closest('a')?.getAttribute('href')).toBe('tel:19900000011')
    await userEvent.click(view.getByText('发送转诊'))
    await waitFor(() => expect(view.router.currentRoute.value.path).toBe('/cases/c9'))
    expect(sent.map((one) => one.path)).toEqual(['/api/patients', '/api/referrals', '/api/referrals'])
    expect(sent[2]?.key).toBe(sent[1]?.key)
  })

  it('survives a reload with the key of the attempt whose outcome is unknown', async () => {
    const sent = sending({ '/api/patients': [ok({ pregnancy_id: 'g1' })], '/api/referrals': [lost, ok({ id: 'c9' })] })
    const first = await show()
    await fill(first)
    await userEvent.click(first.getByText('发送转诊'))
    await first.findByText(/连接不上服务器/)
    first.unmount()
    const second = await show()
    expect(second.getByText('已恢复未发送的内容')).toBeTruthy()
    expect(second.getByLabelText<HTMLInputElement>(/^姓名/).value).toBe('林小满')
    await userEvent.click(second.getByText('发送转诊'))
    await waitFor(() => expect(sent).toHaveLength(3))
    expect(sent[2]).toMatchObject({ path: '/api/referrals', key: sent[1]?.key })
  })

  it('searches by Enter without sending anything, and sends by Ctrl+Enter', async () => {
    const sent = sending({ '/api/patients': [ok({ pregnancy_id: 'g1' })], '/api/referrals': [ok({ id: 'c9' })] })
    const view = await show()
    await userEvent.type(view.getByRole('searchbox'), '林小满{Enter}')
    expect(await view.findByText(/没有找到/)).toBeTruthy()
    expect(view.queryByText('请选择病情')).toBeNull()
    await fill(view)
    await userEvent.type(view.getByLabelText(/^姓名/), '{Enter}')
    expect(sent).toEqual([])
    await userEvent.keyboard('{Control>}{Enter}{/Control}')
    await waitFor(() => expect(view.router.currentRoute.value.path).toBe('/cases/c9'))
  })

  it('asks before it is left with something unsent', async () => {
    const view = await show()
    await userEvent.click(view.getByText('血源不足'))
    await view.router.push('/board')
    expect(view.router.currentRoute.value.path).toBe('/referrals/new')
    await userEvent.click(await view.findByText('离开，保留内容'))
    await waitFor(() => expect(view.router.currentRoute.value.path).toBe('/board'))
    expect(localStorage.getItem('ys.draft.referral.account-1')).toContain('血源不足')
  })

  it('never puts an identity number where the name goes', async () => {
    const view = await show()
    await userEvent.type(view.getByRole('searchbox'), '990121199901010027')
    await userEvent.click(view.getByText(/快速新建/))
    expect(view.getByLabelText<HTMLInputElement>(/^姓名/).value).toBe('')
  })
})
