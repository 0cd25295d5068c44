using Mfn.Client.Runs;

namespace Mfn.Cli.Runs;

/// <summary>Prints a line an event.</summary>
internal sealed class LineDisplay(bool asJson) : IWatchDisplay
{
    public CancellationToken Closed => CancellationToken.None;

    public void Show(WatchEvent told) => Console.WriteLine(asJson ? WatchText.ToJson(told) : WatchText.ToLine(told));

    public void ShowTrouble(string message) => Console.Error.WriteLine($"mfn: {message}");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
