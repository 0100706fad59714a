// A React application with `@auth0/auth0-react`, in the way of its documentation.
import { Auth0Provider, useAuth0, withAuthenticationRequired } from '@auth0/auth0-react';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

const Patients = withAuthenticationRequired(() => {
  const { user } = useAuth0();
  return <p>Patients of {user.name}</p>;
});

const Home = () => {
  const { isLoading, isAuthenticated, error, user, loginWithRedirect, loginWithPopup, logout, getAccessTokenSilently } =
    useAuth0();
  const [answer, setAnswer] = useState('');
  const call = async () => {
    const token = await getAccessTokenSilently({ cacheMode: 'off' });
    const response = await fetch(`${API}/patients`, { headers: { authorization: `Bearer ${token}` } });
    setAnswer(`The API answered ${response.status} to ${(await response.json()).sub}`);
  };
  if (isLoading) return <p>Loading</p>;
  if (error)
    return (
      <p role="alert">
        {error.error}: {error.message}
      </p>
    );
  if (!isAuthenticated) {
    return (
      <>
        <button onClick={() => loginWithRedirect({ appState: { returnTo: '/?from=home' } })}>Log in</button>
        <button onClick={() => loginWithPopup()}>Log in with a popup</button>
      </>
    );
  }
  return (
    <>
      <h1>Hello, {user.name}</h1>
      <button onClick={call}>Call the API</button>
      <output>{answer}</output>
      <button onClick={() => logout({ logoutParams: { returnTo: location.origin } })}>Log out</button>
    </>
  );
};

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <Auth0Provider
      domain={DOMAIN}
      clientId={CLIENT_ID}
      authorizationParams={{ redirect_uri: location.origin, ...PARAMETERS }}
      onRedirectCallback={(state) => history.replaceState({}, '', state?.returnTo ?? '/')}
    >
      {location.pathname === '/patients' ? <Patients /> : <Home />}
    </Auth0Provider>
  </StrictMode>,
);
