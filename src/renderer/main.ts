import 'katex/dist/katex.min.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shared.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { connection } from './state/connection.svelte.ts'
import { theme } from './state/theme.svelte.ts'

theme.apply()
connection.open()
mount(App, { target: document.getElementById('app')! })
