using System.Globalization;
using Grpc.Core;
using Mfn.Cli.Output;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>Prints a line an event.</summary>
internal sealed class LineDisplay(Answer answer) : IWatchDisplay
{
    public CancellationToken Closed => CancellationToken.None;

    public void Show(WatchEvent told) => answer.WriteEvent(() => WatchText.ToJson(told), () => WatchText.ToLine(told));

    public void ShowTrouble(RpcException error, TimeSpan delay) => answer.Note(string.Create(
        CultureInfo.InvariantCulture, $"mfn: {WireName.Of(error.StatusCode)}: {error.Status.Detail} Trying again in {delay.TotalSeconds:0.0} s."));

    public CancellationToken Adapt(WatchRunRequest request) => CancellationToken.None;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
