namespace Mfn.Server.Runs;

/// <summary>A command as a caller sent it.</summary>
/// <param name="Id">Chosen by the caller: sent again, the command is not applied again.</param>
/// <param name="Command">What to do.</param>
/// <param name="Message">The message that it came in, for the log.</param>
internal sealed record SteeringCommand(string Id, RunCommand Command, Contracts.V1.RunCommand Message)
{
    /// <summary>What it takes in the log.</summary>
    public int ByteCount => Message.CalculateSize();
}
