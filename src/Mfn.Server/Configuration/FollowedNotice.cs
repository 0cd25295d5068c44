using Mfn.Server.Logging;

namespace Mfn.Server.Configuration;

/// <summary>Says once a day in the log what somebody should see to of what is followed: what cannot be used, and what will not be good for long, such as a certificate.</summary>
internal sealed partial class FollowedNotice(FollowedInputs inputs, ILogger<FollowedNotice> logger) : IHostedService, IDisposable
{
    /// <summary>How long it may take until something new is told of.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>When the same is told of again.</summary>
    public static readonly TimeSpan Repetition = TimeSpan.FromDays(1);

    private readonly Dictionary<FollowedInput, DateTimeOffset> _told = [];
    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // What is old when the server starts is told by whoever reads it.
        var now = inputs.Clock.GetUtcNow();
        foreach (var input in inputs.All.Where(input => input.Note is not null))
        {
            _told[input] = now;
        }

        _timer = inputs.Clock.CreateTimer(_ => Look(), state: null, Interval, Interval);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        var now = inputs.Clock.GetUtcNow();
        lock (_told)
        {
            foreach (var input in inputs.All)
            {
                if (input.Note is not { } note)
                {
                    _told.Remove(input);
                }
                else if (!_told.TryGetValue(input, out var last) || now - last >= Repetition)
                {
                    _told[input] = now;
                    LogNote(input.Name, note);
                }
            }
        }
    }

    [LoggerMessage(EventId = 1402, EventName = "InputQuestionable", Level = LogLevel.Warning, Message = "{Setting}: {Note}")]
    [LogMeaning("Something of a file or a secret that the server follows needs somebody to look at it, such as that it expires soon.")]
    private partial void LogNote(string setting, string note);
}
