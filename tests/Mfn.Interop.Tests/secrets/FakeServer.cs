using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;

namespace Mfn.SecretFakes;

/// <summary>A small HTTP server on a free loopback port.</summary>
public abstract class FakeServer : IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app!.Urls.Single());

    /// <summary>What was asked of it, such as "GET /v1/secret/data/a".</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>Answers in place of its own; null for its own.</summary>
    public Func<HttpRequest, (int Status, string Body, string? Location)?>? Instead { get; set; }

    /// <summary>Holds answers back while it is not done.</summary>
    public Task Held { get; set; } = Task.CompletedTask;

    /// <summary>Starts it.</summary>
    /// <param name="configure">What its listener has besides, such as TLS.</param>
    public async Task StartAsync(Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (configure is null)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.ConfigureKestrel(configure);
        }

        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    /// <summary>Its own answer.</summary>
    protected abstract (int Status, JsonNode Body) Answer(HttpRequest request, string body);

    private async Task AnswerAsync(HttpContext context)
    {
        Requests.Enqueue($"{context.Request.Method} {context.Request.Path}");
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        await Held.WaitAsync(context.RequestAborted);
        if (Instead?.Invoke(context.Request) is var (otherStatus, otherBody, location))
        {
            context.Response.StatusCode = otherStatus;
            if (location is not null)
            {
                context.Response.Headers.Location = location;
            }

            if (otherStatus == StatusCodes.Status429TooManyRequests)
            {
                context.Response.Headers.RetryAfter = "1";
            }

            await context.Response.WriteAsync(otherBody, context.RequestAborted);
            return;
        }

        (int Status, JsonNode Body) answer;
        lock (Requests)
        {
            answer = Answer(context.Request, body);
        }

        context.Response.StatusCode = answer.Status;

        // It may have no body.
        if (answer.Status != StatusCodes.Status204NoContent)
        {
            context.Response.ContentType = ContentType;
            await context.Response.WriteAsync(answer.Body.ToJsonString(), context.RequestAborted);
        }
    }

    /// <summary>The type of its answers.</summary>
    protected virtual string ContentType => "application/json";
}
