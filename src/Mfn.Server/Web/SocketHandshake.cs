using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Mfn.Server.Calls;
using Mfn.Server.Texts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Mfn.Server.Web;

/// <summary>Requests for a WebSocket: by an upgrade of HTTP/1.1, or as HTTP/2 has it.</summary>
/// <remarks>
/// The framework's own sockets break the connection as soon as they have told a client that it breaks the protocol, which it then may not get to read.
/// </remarks>
internal static class SocketHandshake
{
    private const string Protocol = "websocket";
    private const string Version = "13";
    private const string Salt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Whether a request asks for one, rightly or not.</summary>
    public static bool IsAsked(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } || IsIn(context.Request.Headers.Upgrade.ToString(), Protocol);

    /// <summary>What is wrong with a request that asks for one; null if nothing is.</summary>
    public static string? FindProblem(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers.SecWebSocketVersion.ToString() is var version && version != Version)
        {
            return Must(HeaderNames.SecWebSocketVersion, Version, version);
        }

        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: var protocol })
        {
            return protocol == Protocol ? null : Must(":protocol", Protocol, protocol);
        }

        return !HttpMethods.IsGet(context.Request.Method) ? Must("The method", HttpMethods.Get, context.Request.Method)
            : !IsIn(headers.Connection.ToString(), HeaderNames.Upgrade) ? Must(HeaderNames.Connection, HeaderNames.Upgrade, headers.Connection.ToString())
            : headers.SecWebSocketKey.ToString() is var key && !IsKey(key) ? Must(HeaderNames.SecWebSocketKey, "16 bytes as base64", key)
            : context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } ? null
            : "The request must be of HTTP/1.1, without a body.";
    }

    /// <summary>The subprotocols that the client knows, those that it likes best first.</summary>
    public static IReadOnlyList<string> Subprotocols(HttpContext context) =>
        context.Request.Headers.SecWebSocketProtocol.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Accepts one that is right.</summary>
    /// <param name="context">The request.</param>
    /// <param name="subprotocol">What the client is told of it; null for nothing.</param>
    public static async Task<Stream> AcceptAsync(HttpContext context, string? subprotocol)
    {
        var headers = context.Response.Headers;
        if (subprotocol is not null)
        {
            headers.SecWebSocketProtocol = subprotocol;
        }

        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            return await connect.AcceptAsync();
        }

        headers.Connection = HeaderNames.Upgrade;
        headers.Upgrade = Protocol;
        headers.SecWebSocketAccept = AnswerTo(context.Request.Headers.SecWebSocketKey.ToString());
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    /// <summary>Refuses one that is wrong.</summary>
    public static Task RefuseAsync(HttpContext context, string problem)
    {
        var isOtherVersion = context.Request.Headers.SecWebSocketVersion.ToString() is { Length: > 0 } version && version != Version;
        if (isOtherVersion)
        {
            context.Response.Headers.SecWebSocketVersion = Version;
        }

        return RestAnswer.RefuseAsync(
            context, isOtherVersion ? StatusCodes.Status426UpgradeRequired : StatusCodes.Status400BadRequest, CallRefusedException.Unreadable(problem));
    }

    [SuppressMessage("Security", "CA5350", Justification = "The protocol has it so; nothing is kept safe by it.")]
    private static string AnswerTo(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Salt)));

    private static bool IsKey(string text)
    {
        Span<byte> key = stackalloc byte[16];
        return Convert.TryFromBase64String(text, key, out var length) && length == key.Length;
    }

    private static string Must(string what, string allowed, string? was) => $"{what} must be {allowed} in a WebSocket handshake, but was {CallersText.Quote(was ?? "")}.";

    private static bool IsIn(string list, string value) =>
        list.Split(',', StringSplitOptions.TrimEntries).Contains(value, StringComparer.OrdinalIgnoreCase);
}
