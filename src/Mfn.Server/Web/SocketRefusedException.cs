using System.Net.WebSockets;
using Mfn.Server.Calls;

namespace Mfn.Server.Web;

/// <summary>The client of a socket has sent what it must not.</summary>
/// <param name="code">What the socket is closed with.</param>
/// <param name="refusal">What is said of it.</param>
internal sealed class SocketRefusedException(WebSocketCloseStatus code, CallRefusedException refusal) : Exception(refusal.Message)
{
    public WebSocketCloseStatus Code => code;

    public CallRefusedException Refusal => refusal;
}
