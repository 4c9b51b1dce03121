const key = 'csv byte order mark'

/** Whether tables are saved with the byte order mark that some spreadsheets need to read CSV as UTF-8: one choice for all of them. */
class CsvMark {
  on = $state(localStorage.getItem(key) === 'on')

  choose(on: boolean): void {
    this.on = on
    if (on) localStorage.setItem(key, 'on')
    else localStorage.removeItem(key)
  }
}

export const csvMark = new CsvMark()
