import './logo.css';

export const Logo = () => (
  <span className="logo">
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0f6e84" />
      <path d="M9 10.5h8.5a5.5 5.5 0 0 1 0 11H9" fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M9 16h7.5" stroke="#8fd6e4" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
    Durabase
  </span>
);
