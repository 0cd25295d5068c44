using System.Buffers.Binary;
using System.Text.Json;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web.Reference;

/// <summary><c>POST /federated/aggregate</c>: hierarchical Krum as the reference has it, with its seed and its sample.</summary>
internal sealed class AggregateEndpoint() : ReferenceEndpoint("/federated/aggregate", AggregationServiceReflection.Descriptor.Services[0].FindMethodByName("Aggregate"))
{
    private const string Clusters = "num_clusters";
    private const string Fraction = "byzantine_fraction";
    private const double ExcludedFraction = 0.5;

    private static readonly string[] Members = [Clusters, Fraction];

    // Of gradients without components: the method wants one at least.
    private static readonly ByteString NoComponents = ByteString.CopyFrom(new byte[sizeof(float)]);

    public override IMessage Read(ReadOnlySpan<byte> json, int limit, BodyProblems problems)
    {
        var rows = new GradientRows(limit);
        var body = new ReferenceBody(Members, problems) { Rows = rows };
        body.Read(json);
        var rule = new HierarchicalKrumRule { Variant = KrumVariant.Mfn41Compat, Seed = 42, SampleFraction = 0.1 };
        if (body.IsObject)
        {
            rows.Check(problems);
            rule.ClusterCount = (int)body.Integer(Clusters, 10, 1, 1000);
            rule.ByzantineFraction = body.Number(Fraction, 0.2, 0, ExcludedFraction);
        }

        var request = new AggregateRequest();
        if (!problems.IsEmpty)
        {
            return request;
        }

        rows.Require();
        if (rule.ByzantineFraction >= ExcludedFraction)
        {
            throw ReferenceFaultException.Refused($"{Fraction} must be at least 0 and below 0.5");
        }

        request.Spec = new AggregationSpec { Length = Math.Max(1, rows.Length), ByzantineCount = 0, Rule = new AggregationRule { HierarchicalKrum = rule } };
        request.Updates.AddRange(rows.Updates);
        foreach (var update in request.Updates.Where(update => update.Values.IsEmpty))
        {
            update.Values = NoComponents;
        }

        return request;
    }

    public override void Write(Utf8JsonWriter writer, IMessage request, IMessage answer)
    {
        var updates = ((AggregateRequest)request).Updates;
        var values = ReferenceEquals(updates[0].Values, NoComponents) ? default : ((AggregateResponse)answer).Values.Span;
        writer.WriteStartArray("aggregated_gradient"u8);
        for (; !values.IsEmpty; values = values[sizeof(float)..])
        {
            PythonNumber.Write(writer, BinaryPrimitives.ReadSingleLittleEndian(values));
        }

        writer.WriteEndArray();
        writer.WriteNumber("num_input_gradients"u8, updates.Count);
    }

    public override string MemberOf(string field) =>
        field.EndsWith(".cluster_count", StringComparison.Ordinal) ? Clusters : field.StartsWith("updates", StringComparison.Ordinal) ? "gradients" : base.MemberOf(field);
}
