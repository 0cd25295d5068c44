using System.Globalization;
using Mfn.Server.Logging;
using Mfn.Server.Secrets;

namespace Mfn.Server.Configuration;

/// <summary>Asks for secrets over a network again when it is time, and renews what is shown to get them.</summary>
internal sealed partial class SecretRefresher(FollowedInputs inputs, ILogger<SecretRefresher> logger) : BackgroundService
{
    // Shorter than any interval.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private readonly Dictionary<IRenewedAccess, (FollowedInput Input, DateTimeOffset NotBefore)> _renewed = [];

    /// <summary>Does all that it is time for.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        foreach (var access in inputs.Secrets.Renewed)
        {
            await RenewAsync(access, cancellationToken);
        }

        await inputs.Secrets.RefreshAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, inputs.Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await RefreshAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task RenewAsync(IRenewedAccess access, CancellationToken cancellationToken)
    {
        var now = inputs.Clock.GetUtcNow();
        var (input, notBefore) = _renewed.TryGetValue(access, out var known) ? known : (inputs.Add($"{access.Setting} (the token)"), DateTimeOffset.MinValue);
        _renewed[access] = (input, notBefore);
        if (access.RenewAt is not { } due || due > now || notBefore > now)
        {
            if (input.Problem is null && input.Expires != access.Expires)
            {
                input.Take(access.Expires);
            }

            return;
        }

        try
        {
            await inputs.Secrets.RenewAsync(access, cancellationToken);
            input.Take(access.Expires);
            LogRenewed(access.Setting, access.Expires);
        }
        catch (SecretUnavailableException error)
        {
            // As often as there is time for before it ends, but not in a row.
            var left = (access.Expires ?? now) - now;
            var delay = left / 4 > Tick ? left / 4 : Tick;
            _renewed[access] = (input, now + (delay < LongestDelay ? delay : LongestDelay));
            if (input.Fail(error.Message))
            {
                LogNotRenewed(access.Setting, access.Expires?.ToString("u", CultureInfo.InvariantCulture) ?? "never", error.Message);
            }
        }
    }

    [LoggerMessage(EventId = 1406, EventName = "SecretAccessRenewed", Level = LogLevel.Debug, Message = "The token of {Setting} is good until {Expires}")]
    [LogMeaning("The server's access to its store of secrets was renewed.")]
    private partial void LogRenewed(string setting, DateTimeOffset? expires);

    [LoggerMessage(EventId = 1407, EventName = "SecretAccessNotRenewed", Level = LogLevel.Error, Message = "The token of {Setting} is not renewed, and ends {Expires}: it {Problem}")]
    [LogMeaning("The server will lose its access to its store of secrets when it says. Look at the store and at the way to it.")]
    private partial void LogNotRenewed(string setting, string expires, string problem);
}
