using Mfn.Contracts.Storage.V1;

namespace Mfn.Server.Storage;

/// <summary>One append to a log.</summary>
/// <param name="Header">What stands before it.</param>
/// <param name="Records">What it wrote.</param>
internal sealed record LogAppend(AppendHeader Header, IReadOnlyList<RunLogRecord> Records)
{
    /// <summary>Bytes in the log.</summary>
    public int Length => AppendHeader.Length + Header.PayloadLength;

    /// <summary>Whether it says nothing that counts when another append of its kind has followed.</summary>
    public bool IsPassing => Records.All(record => record.RecordCase is RunLogRecord.RecordOneofCase.Horizon or RunLogRecord.RecordOneofCase.CleanStop);
}
