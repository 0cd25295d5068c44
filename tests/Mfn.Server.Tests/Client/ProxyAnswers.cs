using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mfn.Server.Tests.Client;

/// <summary>What answers calls in a real server's place, as something between it and the client would: the first few, or those that it chooses.</summary>
internal sealed class ProxyAnswers(Func<int, HttpContext, bool> isAnswered, Func<HttpContext, Task> answer)
{
    private int _callCount;

    /// <summary>Answers so many calls, and lets further ones pass.</summary>
    public ProxyAnswers(int count, Func<HttpContext, Task> answer)
        : this((position, _) => position < count, answer)
    {
    }

    /// <summary>Calls that have come, answered or not.</summary>
    public int CallCount => Volatile.Read(ref _callCount);

    /// <summary>A page in HTML, as proxies have them for people.</summary>
    public static Func<HttpContext, Task> Page(int status) => async call =>
    {
        call.Response.StatusCode = status;
        call.Response.ContentType = "text/html";
        await call.Response.WriteAsync("<!DOCTYPE html><html><body>Sorry.</body></html>");
    };

    /// <summary>A status without a message.</summary>
    public static Func<HttpContext, Task> Status(StatusCode status, TimeSpan? retryDelay = null) => call =>
    {
        call.Response.ContentType = "application/grpc";
        call.Response.Headers["grpc-status"] = ((int)status).ToString(CultureInfo.InvariantCulture);
        if (retryDelay is { } delay)
        {
            var rich = new Google.Rpc.Status { Code = (int)status, Details = { Any.Pack(new RetryInfo { RetryDelay = delay.ToDuration() }) } };
            call.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(rich.ToByteArray());
        }

        // What has been sent the server does not put in its own words.
        return call.Response.StartAsync();
    };

    public Task<TestServer> StartServerAsync(params string[] settings) => TestServer.StartAsync(
        app => app.Use((call, next) =>
            Interlocked.Increment(ref _callCount) - 1 is var position && isAnswered(position, call) ? answer(call) : next(call)),
        settings);
}
