using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Updates;
using Mfn.Server.Calls;
using Mfn.Server.Texts;

namespace Mfn.Server.Aggregation;

/// <summary>The updates of one call, as they come in. What is wrong with them is added to problems, by wire name.</summary>
/// <param name="plan">What they are for.</param>
/// <param name="memory">Says how much they may take.</param>
/// <param name="account">The call's.</param>
internal sealed class UpdateCollector(AggregationPlan plan, AggregationMemory memory, AggregationMemory.Account account) : IRoundUpdates, IDisposable
{
    private const int LongestClientId = 128;

    private readonly List<IncomingUpdate> _updates = [];
    private readonly Dictionary<string, IncomingUpdate> _byClient = [];
    private int? _announcedCount;
    private long _roomBytes;

    /// <summary>What it takes to aggregate the updates that are to come, with themselves.</summary>
    public long NeededBytes { get; private set; }

    /// <summary>How many updates were declared.</summary>
    public int ReceivedCount { get; private set; }

    /// <summary>So many updates will come; more and fewer are then wrong.</summary>
    /// <exception cref="CallRefusedException">There is no room for them.</exception>
    public void Announce(int updateCount, RequestProblems problems)
    {
        if (updateCount < 0)
        {
            problems.Add("update_count", $"must be at least 0, but was {updateCount}");
            return;
        }

        _announcedCount = updateCount;
        RequireRoom(updateCount);
    }

    /// <summary>An update that comes whole.</summary>
    /// <exception cref="CallRefusedException">There is no room for it.</exception>
    public void Add(string clientId, double claimedWeight, ReadOnlySpan<byte> values, string path, RequestProblems problems)
    {
        if (values.Length % plan.ComponentSize != 0)
        {
            problems.Add($"{path}.values", $"must have whole components of {plan.ComponentSize} bytes, but had {values.Length} bytes");
        }
        else if (Declare(clientId, values.Length / plan.ComponentSize, claimedWeight, path, problems))
        {
            Append(clientId, values, path, problems);
        }
    }

    /// <summary>An update that will come in chunks. Of a client that declares several, none is kept: admission will refuse them.</summary>
    /// <returns>Whether nothing is wrong with the declaration.</returns>
    /// <exception cref="CallRefusedException">There is no room for it.</exception>
    public bool Declare(string clientId, int length, double claimedWeight, string path, RequestProblems problems)
    {
        if (clientId.Length is 0 or > LongestClientId)
        {
            problems.Add($"{path}.client_id", $"must have 1 to {LongestClientId} characters, but had {clientId.Length}");
            return false;
        }

        if (length < 0)
        {
            problems.Add($"{path}.length", $"must be at least 0, but was {length}");
            return false;
        }

        if (ReceivedCount == _announcedCount)
        {
            problems.Add(path, $"must not be more than the {_announcedCount} updates that update_count announced");
            return false;
        }

        ReceivedCount++;
        RequireRoom(Math.Max(ReceivedCount, _announcedCount ?? 0));
        if (_byClient.TryGetValue(clientId, out var update))
        {
            update.Repeat(length);
            return true;
        }

        update = new IncomingUpdate(clientId, length, claimedWeight, plan.ComponentSize);
        _byClient.Add(clientId, update);
        _updates.Add(update);
        return true;
    }

    /// <summary>The next part of an update.</summary>
    public void Append(string clientId, ReadOnlySpan<byte> values, string path, RequestProblems problems)
    {
        if (!_byClient.TryGetValue(clientId, out var update))
        {
            problems.Add($"{path}.client_id", $"must be declared before, but {CallersText.Quote(clientId)} was not");
        }
        else if (values.Length > update.ByteCount - update.ReceivedByteCount)
        {
            problems.Add(
                $"{path}.values",
                $"must not exceed the {update.ByteCount} bytes that {CallersText.Quote(clientId)} declared, but brought them to {update.ReceivedByteCount + values.Length}");
        }
        else
        {
            MakeRoom(update, values.Length);
            update.Append(values);
        }
    }

    /// <summary>Notes the updates that are missing, or of which something is.</summary>
    public void RequireComplete(RequestProblems problems)
    {
        if (_announcedCount > ReceivedCount)
        {
            problems.Add("declarations", $"must be of the {_announcedCount} updates that update_count announced, but were of {ReceivedCount}");
        }

        foreach (var update in _updates)
        {
            if (!update.IsComplete)
            {
                problems.Add("chunks", $"must bring the {update.ByteCount} bytes that {CallersText.Quote(update.ClientId)} declared, but brought {update.ReceivedByteCount}");
            }
        }
    }

    public AdmissionResult Admit(AdmissionPolicy policy, CancellationToken cancellationToken) => Admission.Admit(
        _updates.SelectMany(update => Enumerable.Repeat(
            new Update(update.ClientId, new DeclaredVector(update).Memory, update.ClaimedWeight), update.SentCount)),
        policy,
        cancellationToken);

    public (int Index, double Value)? BeyondSingle(string clientId) => _byClient[clientId].BeyondSingle;

    /// <summary>Frees the updates; nobody can read them any more.</summary>
    public void Dispose() => _updates.ForEach(update => update.Free());

    /// <summary>Takes memory only for what has come, and may count.</summary>
    private void MakeRoom(IncomingUpdate update, int byteCount)
    {
        if (update.SentCount == 1 && update.Length == plan.Policy.Length && update.MissingRoom(byteCount) is { } length)
        {
            var room = (long)length * sizeof(float);
            account.Reserve(_roomBytes + room);
            _roomBytes += room - update.MakeRoom(length);
        }
    }

    /// <summary>Refuses what there is no room for, before any of it is taken.</summary>
    private void RequireRoom(int updateCount)
    {
        NeededBytes = plan.BytesFor(updateCount);
        memory.RequireBelowLimit(NeededBytes, updateCount, plan.Policy.Length);
        account.RequireFree(NeededBytes);
    }
}
