import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import './ui/styles/tokens.css'
import './ui/styles/base.css'
import './ui/styles/layers.css'
import './ui/styles/charts.css'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
