namespace Mfn.Server.Storage;

/// <summary>How far a log has been acknowledged.</summary>
/// <param name="State">What may follow.</param>
/// <param name="Log">Which log.</param>
/// <param name="Sequence">The number of the last append that was acknowledged.</param>
/// <param name="PayloadLength">Of that append.</param>
/// <param name="PayloadChecksum">Of that append.</param>
internal readonly record struct LogMark(LogMarkState State, LogIdentity Log, long Sequence, int PayloadLength, uint PayloadChecksum)
{
    public static LogMark Of(LogMarkState state, LogIdentity log, AppendHeader last) => new(state, log, last.Sequence, last.PayloadLength, last.PayloadChecksum);

    /// <summary>Whether it names this append, which has its number.</summary>
    public bool Names(AppendHeader header) => header.PayloadLength == PayloadLength && header.PayloadChecksum == PayloadChecksum;
}
