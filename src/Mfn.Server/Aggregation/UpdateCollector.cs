using Mfn.Server.Calls;

namespace Mfn.Server.Aggregation;

/// <summary>The updates of one call, as they come in. What is wrong with them is added to problems, by wire name.</summary>
/// <param name="plan">What they are for.</param>
/// <param name="memory">Says how much they may take.</param>
/// <param name="account">The call's.</param>
internal sealed class UpdateCollector(AggregationPlan plan, AggregationMemory memory, AggregationMemory.Account account)
{
    private const int LongestClientId = 128;

    private readonly List<IncomingUpdate> _updates = [];
    private readonly Dictionary<string, IncomingUpdate> _byClient = [];

    /// <summary>All that were declared, in the order of their declarations.</summary>
    public IReadOnlyList<IncomingUpdate> Updates => _updates;

    /// <summary>An update that comes whole. Several of one client are for admission to refuse.</summary>
    /// <exception cref="CallRefusedException">There is no room for it.</exception>
    public void Add(string clientId, double claimedWeight, ReadOnlySpan<byte> values, string path, RequestProblems problems)
    {
        if (values.Length % plan.ComponentSize != 0)
        {
            problems.Add($"{path}.values", $"must have whole components of {plan.ComponentSize} bytes, but had {values.Length} bytes");
            return;
        }

        if (Expect(clientId, values.Length / plan.ComponentSize, claimedWeight, path, problems) is { } update)
        {
            MakeRoom(update);
            update.Append(values);
        }
    }

    /// <summary>An update that will come in chunks.</summary>
    /// <exception cref="CallRefusedException">There is no room for it.</exception>
    public void Declare(string clientId, int length, double claimedWeight, string path, RequestProblems problems)
    {
        if (length < 0)
        {
            problems.Add($"{path}.length", $"must be at least 0, but was {length}");
        }
        else if (_byClient.ContainsKey(clientId))
        {
            problems.Add($"{path}.client_id", $"must not be declared twice, but '{clientId}' was");
        }
        else if (Expect(clientId, length, claimedWeight, path, problems) is { } update)
        {
            _byClient.Add(clientId, update);
        }
    }

    /// <summary>The next part of an update.</summary>
    /// <exception cref="CallRefusedException">There is no room for it.</exception>
    public void Append(string clientId, ReadOnlySpan<byte> values, string path, RequestProblems problems)
    {
        if (!_byClient.TryGetValue(clientId, out var update))
        {
            problems.Add($"{path}.client_id", $"must be declared before, but '{clientId}' was not");
        }
        else if (values.Length > update.ByteCount - update.ReceivedByteCount)
        {
            problems.Add(
                $"{path}.values",
                $"must not exceed the {update.ByteCount} bytes of the {update.Length} components that '{clientId}' declared, but brought them to {update.ReceivedByteCount + values.Length}");
        }
        else
        {
            MakeRoom(update);
            update.Append(values);
        }
    }

    /// <summary>Notes the updates of which something is missing.</summary>
    public void RequireComplete(RequestProblems problems)
    {
        foreach (var update in _updates)
        {
            if (!update.IsComplete)
            {
                problems.Add(
                    "chunks", $"must bring the {update.ByteCount} bytes of the {update.Length} components that '{update.ClientId}' declared, but brought {update.ReceivedByteCount}");
            }
        }
    }

    private IncomingUpdate? Expect(string clientId, int length, double claimedWeight, string path, RequestProblems problems)
    {
        if (clientId.Length is 0 or > LongestClientId)
        {
            problems.Add($"{path}.client_id", $"must have 1 to {LongestClientId} characters, but had {clientId.Length}");
            return null;
        }

        memory.RequireBelowLimit(plan.BytesFor(_updates.Count + 1), _updates.Count + 1, plan.Policy.Length);
        var update = new IncomingUpdate(clientId, length, claimedWeight, plan.ComponentSize);
        _updates.Add(update);
        return update;
    }

    /// <summary>Takes memory only for what has begun to come, and may count.</summary>
    private void MakeRoom(IncomingUpdate update)
    {
        if (update.Length == plan.Policy.Length && !update.HasRoom)
        {
            account.Reserve((long)update.Length * sizeof(float));
            update.MakeRoom();
        }
    }
}
