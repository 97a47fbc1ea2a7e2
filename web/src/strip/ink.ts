/** The colours of paper and pen: the theme's on a screen, black on ruled white in print. */
import type { Palette } from './paper'

export function themeInk(element: Element = document.documentElement): Palette {
  const style = getComputedStyle(element)
  const ink = (name: string): string => style.getPropertyValue(`--ys-ctg-${name}`).trim()
  return {
    paper: ink('paper'), minor: ink('minor'), major: ink('major'), label: ink('label'),
    normalBand: ink('band'), fhr1: ink('fhr1'), fhr2: ink('fhr2'), fhr3: ink('fhr3'), mhr: ink('mhr'),
    toco: ink('toco'), mark: ink('mark'), hatch: ink('hatch'),
    good: ink('good'), fair: ink('fair'), poor: ink('poor'),
  }
}

/** For paper: told apart by weight and grey, so that a black-and-white printer loses nothing. */
export const PRINT_INK: Palette = {
  paper: '#ffffff', minor: '#e6e6e6', major: '#bdbdbd', label: '#333333', normalBand: '#f3f3f3',
  fhr1: '#000000', fhr2: '#555555', fhr3: '#777777', mhr: '#8a8a8a', toco: '#222222', mark: '#000000', hatch: '#777777',
  good: '#9a9a9a', fair: '#6a6a6a', poor: '#333333',
}
