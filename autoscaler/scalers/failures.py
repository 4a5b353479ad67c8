"""What the client library raises, as a Missing: mapped by type, its text never copied (S14). Pure."""

import errno
import ssl

import aiohttp

from autoscaler.model.observation import Missing, MissingReason

REFUSED = "connection refused"
NO_NAME = "its name cannot be looked up"
CERTIFICATE = "the server's certificate"
NO_TLS = "TLS cannot be agreed on with the server"
_CERTIFICATE = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed and not trusted",
    19: "is signed by an authority that is not trusted",
    20: "is signed by an authority that is not trusted",
    21: "is signed by an authority that is not trusted",
    62: "is for another host",
    64: "is for another address",
}
_CONNECT = {
    errno.ECONNREFUSED: REFUSED,
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no route to the network",
    errno.ECONNRESET: "connection reset",
    errno.EADDRNOTAVAIL: "no local address or port left",
    errno.EMFILE: "this process has too many open files",
}


def missing_from(error: Exception) -> Missing:
    """Name the failure behind an exception of the client library."""
    match error:
        case TimeoutError():
            return Missing(reason=MissingReason.TIMEOUT, detail="no complete answer in time")
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError(verify_code=code)):
            why = _CERTIFICATE.get(code, "cannot be verified")
            return _unreachable(f"{CERTIFICATE} {why}")
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return _unreachable(NO_TLS)
        case aiohttp.ClientConnectorDNSError():
            return _unreachable(NO_NAME)
        case aiohttp.ClientHttpProxyError():
            return _unreachable(f"the proxy answered with status {error.status}")
        case aiohttp.ServerDisconnectedError():
            return _unreachable("the server closed the connection without an answer")
        case aiohttp.ClientPayloadError():
            return Missing(reason=MissingReason.MALFORMED, detail="the answer broke off before its end")
        case aiohttp.ClientResponseError() | aiohttp.http_exceptions.HttpProcessingError():
            return Missing(reason=MissingReason.MALFORMED, detail="the answer is no valid HTTP")
        case aiohttp.InvalidURL():
            return Missing(reason=MissingReason.REFUSED, detail="its address is no URL that can be asked")
        case OSError():
            return _unreachable(_CONNECT.get(error.errno or 0, "the connection failed"))
        case _:
            return _unreachable("the connection failed")


def _unreachable(detail: str) -> Missing:
    return Missing(reason=MissingReason.UNREACHABLE, detail=detail)
