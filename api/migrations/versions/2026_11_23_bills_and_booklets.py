"""Bills, payments, contracts, records, booklets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123"
down_revision = "20261122"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transfers",
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.Column("debit_kind", sa.String(length=16), nullable=False),
        sa.Column("debit_of", sa.Uuid(), nullable=True),
        sa.Column("credit_kind", sa.String(length=16), nullable=False),
        sa.Column("credit_of", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transfers_amount_above_zero")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_transfers")),
    )
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_transfers_credit",
            ["credit_of", "credit_kind"],
            unique=False,
            postgresql_where=sa.text("credit_of IS NOT NULL"),
            sqlite_where=sa.text("credit_of IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_transfers_debit",
            ["debit_of", "debit_kind"],
            unique=False,
            postgresql_where=sa.text("debit_of IS NOT NULL"),
            sqlite_where=sa.text("debit_of IS NOT NULL"),
        )

    op.create_table(
        "bills",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("payer_of", sa.Uuid(), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("assessed", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("carried", sa.BigInteger(), nullable=False),
        sa.Column("bill_id", sa.String(length=13), nullable=False),
        sa.Column(
            "lines", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_bills_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
        sa.UniqueConstraint("about", "purpose", "period", name="uq_bills_about"),
    )
    with op.batch_alter_table("bills", schema=None) as batch_op:
        batch_op.create_index("ix_bills_bill_id", ["bill_id"], unique=False)
        batch_op.create_index(
            "ix_bills_open",
            ["id"],
            unique=False,
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "ix_bills_open_due",
            ["due_on", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "ix_bills_open_payer",
            ["payer_of"],
            unique=False,
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "ix_bills_open_person",
            ["person_id"],
            unique=False,
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "ix_bills_unannounced",
            ["id"],
            unique=False,
            postgresql_where=sa.text("state = 'open' AND announced_at IS NULL"),
            sqlite_where=sa.text("state = 'open' AND announced_at IS NULL"),
        )

    op.create_table(
        "contracts",
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("cover", sa.String(length=16), nullable=False),
        sa.Column("monthly_base", sa.BigInteger(), nullable=False),
        sa.Column("medical_heads", sa.SmallInteger(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.String(length=7), nullable=False),
        sa.Column("ends_on", sa.String(length=7), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("billed_until", sa.String(length=7), nullable=True),
        sa.Column("remind_day", sa.SmallInteger(), nullable=True),
        sa.Column("carried", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.id"], name=op.f("fk_contracts_branch_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_contracts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("number", name=op.f("uq_contracts_number")),
    )
    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contracts_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_contracts_remind_day",
            ["remind_day", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'active' AND remind_day IS NOT NULL"),
            sqlite_where=sa.text("state = 'active' AND remind_day IS NOT NULL"),
        )

    op.create_table(
        "dependants",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("dependant_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dependant_id"], ["people.id"], name=op.f("fk_dependants_dependant_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_dependants_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dependants")),
        sa.UniqueConstraint(
            "person_id", "dependant_id", name=op.f("uq_dependants_person_id_dependant_id")
        ),
    )
    with op.batch_alter_table("dependants", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dependants_dependant_id"), ["dependant_id"], unique=False
        )

    op.create_table(
        "record_months",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("source", sa.String(length=48), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("wage", sa.BigInteger(), nullable=True),
        sa.Column("place_name", sa.String(length=200), nullable=False),
        sa.Column("branch_code", sa.String(length=3), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_record_months_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", "month", "source", name=op.f("pk_record_months")),
    )
    op.create_table(
        "requests",
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("only", sa.String(length=64), nullable=True),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("satisfaction", sa.String(length=16), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_requests_person_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["people.id"], name=op.f("fk_requests_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("number", name=op.f("uq_requests_number")),
        sa.UniqueConstraint("only", name=op.f("uq_requests_only")),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_requests_open",
            ["stage", "since"],
            unique=False,
            postgresql_where=sa.text("closed_at IS NULL"),
            sqlite_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_requests_person_id"), ["person_id"], unique=False)

    op.create_table(
        "booklet_offers",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("loss", sa.String(length=16), nullable=True),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.id"], name=op.f("fk_booklet_offers_branch_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_booklet_offers_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_booklet_offers_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["people.id"], name=op.f("fk_booklet_offers_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booklet_offers")),
    )
    with op.batch_alter_table("booklet_offers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_booklet_offers_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_booklet_offers_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "booklets",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("loss", sa.String(length=16), nullable=True),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("tracking", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_booklets_branch_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_booklets_request_id")
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["people.id"], name=op.f("fk_booklets_subject_id")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_booklets")),
    )
    with op.batch_alter_table("booklets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booklets_bill_id"), ["bill_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_booklets_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "pay_links",
        sa.Column("token_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["chat_links.id"], name=op.f("fk_pay_links_link_id")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_pay_links_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_pay_links_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_links")),
        sa.UniqueConstraint("token_index", name=op.f("uq_pay_links_token_index")),
    )
    with op.batch_alter_table("pay_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pay_links_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_pay_links_unused",
            ["created_at"],
            unique=False,
            postgresql_where=sa.text("attempts = 0"),
            sqlite_where=sa.text("attempts = 0"),
        )
        batch_op.create_index(
            "ix_pay_links_known",
            ["expires_at"],
            unique=False,
            postgresql_where=sa.text("token IS NOT NULL"),
            sqlite_where=sa.text("token IS NOT NULL"),
        )

    op.create_table(
        "request_stages",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_request_stages_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", "ordinal", name=op.f("pk_request_stages")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("token_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["chat_links.id"], name=op.f("fk_sign_ins_link_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_ins_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("secret_index", name=op.f("uq_sign_ins_secret_index")),
        sa.UniqueConstraint("token_index", name=op.f("uq_sign_ins_token_index")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "pay_link_bills",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_pay_link_bills_bill_id")),
        sa.ForeignKeyConstraint(
            ["link_id"], ["pay_links.id"], name=op.f("fk_pay_link_bills_link_id")
        ),
        sa.PrimaryKeyConstraint("link_id", "bill_id", name=op.f("pk_pay_link_bills")),
    )
    op.create_table(
        "payment_attempts",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("secret_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=True),
        sa.Column("reference", sa.String(length=32), nullable=True),
        sa.Column("doubted", sa.String(length=32), nullable=True),
        sa.Column("card_masked", sa.String(length=19), nullable=True),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["pay_links.id"], name=op.f("fk_payment_attempts_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempts")),
        sa.UniqueConstraint("gateway", "authority", name="uq_payment_attempts_authority"),
        sa.UniqueConstraint("gateway", "reference", name="uq_payment_attempts_reference"),
        sa.UniqueConstraint("secret_index", name=op.f("uq_payment_attempts_secret_index")),
    )
    with op.batch_alter_table("payment_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_attempts_link_id"), ["link_id"], unique=False)
        batch_op.create_index(
            "ix_payment_attempts_look_at",
            ["look_at"],
            unique=False,
            postgresql_where=sa.text("look_at IS NOT NULL"),
            sqlite_where=sa.text("look_at IS NOT NULL"),
        )

    op.create_table(
        "attempt_bills",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["payment_attempts.id"], name=op.f("fk_attempt_bills_attempt_id")
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_attempt_bills_bill_id")),
        sa.PrimaryKeyConstraint("attempt_id", "bill_id", name=op.f("pk_attempt_bills")),
    )
    with op.batch_alter_table("attempt_bills", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_bills_bill_id"), ["bill_id"], unique=False)

    op.create_table(
        "credits",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refund_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["payment_attempts.id"], name=op.f("fk_credits_attempt_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_credits_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credits")),
        sa.UniqueConstraint("attempt_id", "reason", name="uq_credits_attempt_id"),
    )
    with op.batch_alter_table("credits", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credits_asked_back",
            ["refund_asked_at"],
            unique=False,
            postgresql_where=sa.text("state = 'refund_asked'"),
            sqlite_where=sa.text("state = 'refund_asked'"),
        )
        batch_op.create_index(batch_op.f("ix_credits_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ward_id", sa.Uuid(), nullable=True))
        batch_op.alter_column("workshop_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_index(
            "uq_grants_lasting_ward",
            ["link_id", "ward_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_foreign_key(batch_op.f("fk_grants_ward_id"), "people", ["ward_id"], ["id"])
        batch_op.create_check_constraint(
            batch_op.f("ck_grants_for_one"), "(workshop_id IS NULL) <> (ward_id IS NULL)"
        )

    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.add_column(sa.Column("code_index", sa.LargeBinary(length=16), nullable=True))

    op.create_table(
        "workplace_choices",
        sa.Column("code_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=False),
        sa.Column("guesses", sa.SmallInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code_index", name=op.f("pk_workplace_choices")),
    )
    with op.batch_alter_table("workplace_choices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workplace_choices_made_at"), ["made_at"], unique=False)
